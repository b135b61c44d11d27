//! A live plane and programs that others wrote. Run by `./test real`, which installs what is missing.

#[cfg(test)]
mod dig;
#[cfg(test)]
mod names;
