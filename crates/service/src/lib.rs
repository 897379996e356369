//! What Sosik does, without HTTP: post, deliver, read, rebuild, verify.
