//! The vocabulary of the control plane: objects, selectors, quantities, errors, time.
