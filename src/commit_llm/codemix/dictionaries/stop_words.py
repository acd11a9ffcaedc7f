"""Hold the English words that carry grammar, not content: figures on content words leave them out.

The words are those of NLTK's English stop-word list in its long-standing form, which is Martin Porter's list of the
Snowball project (snowballstem.org, BSD 3-clause), as PostgreSQL has it, with contractions added. NLTK lists the pieces
into which its tokenizer cuts contractions (*don*, *t*); here they stand as they are written, since `find_words` keeps
them whole. A list of words is a fact; ours is written down anew.
"""

PRONOUNS = (
    "i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself "
    "it its itself they them their theirs themselves what which who whom this that these those"
)
VERBS = "am is are was were be been being have has had having do does did doing can will should"
OTHERS = (
    "a an the and but if or because as until while of at by for with about against between into through during before "
    "after above below to from up down in out on off over under again further then once here there when where why how "
    "all any both each few more most other some such no nor not only own same so than too very just now"
)
CONTRACTIONS = (
    "you're you've you'll you'd she's it's that'll don't should've ain't aren't couldn't didn't doesn't hadn't hasn't "
    "haven't isn't mightn't mustn't needn't shan't shouldn't wasn't weren't won't wouldn't i'm i've i'll i'd he's "
    "he'll he'd she'll she'd it'll it'd we're we've we'll we'd they're they've they'll they'd"
)
# By the code of a language: words in lower case, as `spelling` has them. Of a language without a list all words count
# as content.
STOP_WORDS = {"en": frozenset(" ".join([PRONOUNS, VERBS, OTHERS, CONTRACTIONS]).split())}
