"""Six templates in the shapes of published ones, and six conversations; all words in them are ours."""

TURNS = """\
{% for message in messages %}{{ '<turn>' + message['role'] + '\n' + message['content'] + '<end>' + '\n' }}{% endfor %}\
{% if add_generation_prompt %}{{ '<turn>assistant\n' }}{% endif %}"""
DEFAULT_SYSTEM = """\
{% for message in messages %}{% if loop.first and message['role'] != 'system' %}{{ '<turn>system\nHelp.<end>\n' }}\
{% endif %}{{ '<turn>' + message['role'] + '\n' + message['content'] + '<end>\n' }}{% endfor %}\
{% if add_generation_prompt %}{{ '<turn>assistant\n' }}{% endif %}"""
HEADERS = """\
{% for message in messages %}{% set text = '<head>' + message.role + '</head>\n\n' + message.content | trim + '<end>' %}\
{% if loop.first %}{% set text = bos_token + text %}{% endif %}{{ text }}{% endfor %}\
{% if add_generation_prompt %}{{ '<head>assistant</head>\n\n' }}{% endif %}"""
BRACKETS = """\
{% for message in messages %}{% if message.role == 'user' %}{{ bos_token ~ '[ASK] ' ~ message.content.strip() ~ ' [/ASK]' }}\
{% elif message.role == 'assistant' %}{{ ' ' ~ message.content.strip() ~ ' ' ~ eos_token }}\
{% else %}{{ raise_exception('There are users and assistants alone.') }}{% endif %}{% endfor %}"""
STRICT = """\
{{- bos_token }}
{%- if messages[0].role == 'system' %}{{ raise_exception('No system here.') }}{% endif %}
{%- for message in messages %}
    {%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Take turns.') }}{% endif %}
    {%- set role = 'model' if message.role == 'assistant' else message.role %}
    {{- '<turn>' + role + '\n' + message.content | trim + '<end>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<turn>model\n' }}{% endif %}"""
THINKING = """\
{%- for message in messages %}
    {%- if message.role == 'assistant' and loop.last %}
        {{- '<turn>assistant\n<think>\n\n</think>\n\n' + message.content.lstrip('\n') + '<end>\n' }}
    {%- else %}
        {{- '<turn>' + message.role + '\n' + message.content + '<end>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<turn>assistant\n<think>\n\n</think>\n\n' if quick else '<turn>assistant\n' }}{% endif %}"""
TEMPLATES = {
    "turns": TURNS, "default system": DEFAULT_SYSTEM, "headers": HEADERS, "brackets": BRACKETS, "strict": STRICT,
    "thinking": THINKING,
}  # fmt: skip
SPECIALS = {"bos_token": "<s>", "eos_token": "</s>"}
STOPS = ["<end>", "</s>"]


def conversation(*turns):
    """(role, content) pairs as messages."""
    names = {"s": "system", "u": "user", "a": "assistant"}
    return [{"role": names[role], "content": content} for role, content in turns]


CONVERSATIONS = {
    "two turns": conversation(("u", "Where?"), ("a", "Here."), ("u", "When?"), ("a", "Now.")),
    "with system": conversation(("s", "Be kind."), ("u", "Where?"), ("a", "Here.")),
    "spaces": conversation(("u", " Where?\n"), ("a", "\n Here. \n")),
    "the same text": conversation(("u", "assistant"), ("a", "user"), ("u", "user"), ("a", "assistant")),
    "first is an answer": conversation(("a", "Here."), ("u", "Where?"), ("a", "There.")),
    "empty answer": conversation(("u", "Where?"), ("a", "")),
}
