//! What flow.rs uses of the crate ort 2.0.0-rc.10, by its signatures alone: nothing runs.
use std::marker::PhantomData;
use std::path::Path;

#[derive(Debug)]
pub struct Error;
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub mod value {
    use super::*;

    pub struct Tensor<T>(PhantomData<T>);
    pub struct DynValue;
    pub type Shape = [i64];

    impl<T> Tensor<T> {
        pub fn from_array(_input: (Vec<i64>, Vec<T>)) -> Result<Tensor<T>> {
            unimplemented!()
        }
    }

    impl<T> From<Tensor<T>> for DynValue {
        fn from(_value: Tensor<T>) -> DynValue {
            unimplemented!()
        }
    }

    impl DynValue {
        pub fn try_extract_tensor<T>(&self) -> Result<(&Shape, &[T])> {
            unimplemented!()
        }
    }
}

pub mod session {
    use super::value::DynValue;
    use super::*;

    pub struct Session;
    pub struct SessionBuilder;
    pub struct SessionOutputs<'s>(PhantomData<&'s ()>);

    impl Session {
        pub fn builder() -> Result<SessionBuilder> {
            unimplemented!()
        }

        pub fn run<'s>(&'s mut self, _inputs: Vec<(&str, DynValue)>) -> Result<SessionOutputs<'s>> {
            unimplemented!()
        }
    }

    impl SessionBuilder {
        pub fn commit_from_file(self, _path: impl AsRef<Path>) -> Result<Session> {
            unimplemented!()
        }
    }

    impl std::ops::Index<&str> for SessionOutputs<'_> {
        type Output = DynValue;

        fn index(&self, _name: &str) -> &DynValue {
            unimplemented!()
        }
    }
}

#[macro_export]
macro_rules! inputs {
    ($($name:expr => $value:expr),+ $(,)?) => {
        vec![$(($name, $crate::value::DynValue::from($value))),+]
    };
}
