//! Common methods of all checked texts.

/// Implements the constructor for stored values and the accessors of a newtype over `String`.
///
/// It implements no `Deref`, so that a checked text does not silently become an unchecked string, and no `Deserialize`,
/// so that a request body cannot bypass `parse`.
macro_rules! stored_text {
    ($name:ident) => {
        impl $name {
            /// Accepts a value of the store. It is not checked again: the rules may have become stricter since it was
            /// written.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the owned text.
            pub fn into_string(self) -> String {
                self.0
            }
        }
    };
    ($name:ident, printed) => {
        $crate::text::stored_text!($name);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
    ($name:ident, private) => {
        $crate::text::stored_text!($name);

        /// Prints the length of the text and not its content.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(
                    f,
                    concat!(stringify!($name), "({} characters)"),
                    self.0.chars().count()
                )
            }
        }
    };
}

pub(crate) use stored_text;
