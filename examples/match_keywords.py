"""Find keywords in captions as MetaCLIP does, and with Unicode's idea of a word; hear what is wrong with the list."""

from equipoise import KeywordMatcher, spacing

KEYWORDS = ["New York", "new york", "café", "cat", "U.S.A."]
CAPTIONS = ["Taxis in New York, at night", "un chat au Café", "a cat: asleep", "made in U.S.A."]


def main() -> list[list[str]]:
    """Print every caption's keywords under both spacings; return the second."""
    exact = KeywordMatcher(KEYWORDS)  # MetaCLIP's rule: " keyword " occurs in spacing(caption)
    loose = KeywordMatcher(KEYWORDS, normalise="unicode", fold_case=True)
    found = [[KEYWORDS[number] for number in numbers] for numbers in loose.match(CAPTIONS).to_pylist()]
    for caption, strict, folded in zip(CAPTIONS, exact.match(CAPTIONS).to_pylist(), found):
        print(f"{spacing(caption)!r}: {[KEYWORDS[number] for number in strict]}, {folded}")
    print("MetaCLIP's rule never finds:", [entry.text for entry in exact.audit().dead])
    return found


if __name__ == "__main__":
    main()
