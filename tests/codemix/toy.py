"""A dictionary with one word of each kind, a mixer that replaces all it can, and texts to try them on."""

from hypothesis import strategies as st

from commit_llm.codemix import BilingualDictionary, CodeMixer

DICTIONARY = BilingualDictionary.from_pairs(
    [
        ("dog", "σκύλος"), ("dog", "σκυλί"), ("house", "σπίτι"), ("house", "house"), ("same", "same"), ("will", "θα"),
        ("us", "εμάς"), ("don't", "μην"),
    ]
)  # fmt: skip
EVERY = CodeMixer(DICTIONARY, ratio=1.0, choice="first")
TEXTS = st.text() | st.lists(
    st.sampled_from(
        ["dog", "house", "Dog", "DOG", "will", "Will", "same", "don't", "don’t", " ", "\n", "(", ")", ".", "!", '"',
         "`", "```", "$", "{", "}", "\\", "www.", "://", "@", "_", "-", "'", "1", "é", "e\u0301", "\u200d", "ไทย", "א"]
    ), max_size=30,
).map("".join)  # fmt: skip
