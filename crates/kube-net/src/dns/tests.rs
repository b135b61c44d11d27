//! Types by name and number.

use super::{Data, RecordType};

#[test]
fn types_are_read_as_they_are_written() {
    for number in [1, 2, 5, 6, 12, 16, 28, 33, 255, 64, 65_535] {
        let kind = RecordType::from(number);
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
    assert_eq!("aaaa".parse(), Ok(RecordType::Aaaa));
    assert_eq!("TYPE65".parse(), Ok(RecordType::Other(65)));
    assert_eq!("TYPE1".parse(), Ok(RecordType::A));
    assert!("B".parse::<RecordType>().is_err());
    assert_eq!(Data::Txt("a\"b".into()).to_string(), "\"a\\\"b\"");
}
