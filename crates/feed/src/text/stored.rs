//! What all checked texts have in common.

/// Gives a newtype over `String` its way in from the store and its ways out.
///
/// No `Deref`, so that a checked text does not silently become any string; no `Deserialize`, so that a request body
/// cannot come past `parse`.
macro_rules! stored_text {
    ($name:ident) => {
        impl $name {
            /// Takes what the store gives back. Checks nothing: it was checked on its way in, and the rules may have
            /// become stricter since.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself, taken out.
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

        /// Prints how long the text is and not what it says.
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
