//! What `modes`, `explain`, the help and usage errors print, word for word.

#[test]
fn printed_texts_are_as_recorded() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
