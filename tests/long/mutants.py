"""List small faults to put into the source, each of which the quick tests of its room must notice.

A fault is a piece of source that stands once in the package, and what takes its place. The file is looked up by the
piece, so that a file may move; a piece that was rewritten needs a new line here.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    """Hold a piece of the source and what takes its place."""

    source: str
    fault: str


MUTANTS = [
    # codemix
    Mutant("return (bits >> 11) * 2.0**-53", "return (bits >> 12) * 2.0**-53"),
    Mutant("ratio = round(ratio, 6)", "ratio = round(ratio, 1)"),
    Mutant("if requested > highest + close:", "if requested > highest + 1:"),
    Mutant('classes[ord(":")] = WITHIN_WORD if languages & WITH_COLON', 'classes[ord(":")] = OTHER if languages'),
    Mutant("run.end(), WITHIN, run.lastgroup is not None", "run.end(), WITHIN, False"),
    Mutant("self.forms.get(composed) or self.forms.get(spelling(composed))", "self.forms.get(composed)"),
    Mutant("(word, without_tonos(candidate, languages.target))", "(word, candidate)"),
    Mutant('return "İ" + text[1:]', 'return "I" + text[1:]'),
    Mutant("        order(about, points, count)\n", ""),
    Mutant("elif before == DIGIT:", "elif False:"),
    Mutant('match[2][0] == "#" or match[2] in html5', 'match[2] in html5'),
    Mutant("form is not None and form.entry.key64 in self.names", "False"),
    Mutant("if number == behind_annotated and entry == annotated:", "if number == behind_annotated:"),
    Mutant("all(translation.count(part) >= parts.count(part) for part in parts)", "True"),
    Mutant("if last > first and not (first <= number and last <= behind and (agrees or whole)):", "if False:"),
    Mutant("if not agrees or other is None or (sentence.start, sentence.end)", "if False and (sentence.start, 0)"),
    Mutant("if any(part in skips for part in parts):", "if word in skips:"),
    Mutant("is_beginning(beginnings, hashed) and is_ascii(data, start, end)", "is_beginning(beginnings, hashed)"),
    Mutant("fold_all(LANGUAGE, fold_all(hash64(seed, epoch), rows))", "fold_all(hash64(seed, epoch), rows)"),
    Mutant("kinds |= {LIST} if len(targets) > 1 else set()", "pass"),
    # data
    Mutant("rows += [Row() for _ in range(-len(rows) % self.rows)]", "rows += []"),
    Mutant("self._offset -= self._lengths.pop(0)", "self._lengths.pop(0)"),
    Mutant("self.longest = max(self.longest, places)", "self.longest = places"),
    Mutant("if row.used + places <= self.seq_len:", "if row.used + places < self.seq_len:"),
    Mutant("in self._placed.items() if position in waiting", "in self._placed.items()"),
    # evaluate
    Mutant("character not in string.punctuation", "character not in string.digits"),
    Mutant("common = sum((Counter(predicted) & Counter(gold)).values())", "common = len(set(predicted) & set(gold))"),
    Mutant("return 2 * precision * recall / (precision + recall)", "return (precision + recall) / 2"),
    # files
    Mutant("if os.path.lexists(path) and not overwrite:", "if False:"),
    Mutant("if not (path / marker).is_file():", "if False:"),
    Mutant("os.replace(holder / NEW, path)", "__import__('shutil').copy(holder / NEW, path)"),
    Mutant("path.stat().st_size == part.size and checksum(path) == part.checksum", "path.stat().st_size == part.size"),
    Mutant("flags | os.O_NOFOLLOW, 0o666", "flags, 0o666"),
    Mutant("zlib.crc32(match[1]) != int(match[2])", "False"),
    Mutant("if OLD in names and not os.path.lexists(path):", "if False:"),
    # model
    Mutant("causal_TS = jnp.tril(jnp.ones((length, length), bool))", "causal_TS = jnp.ones((length, length), bool)"),
    Mutant("scores = scores * (head_dim**-0.5)", "scores = scores * (head_dim**-1.0)"),
    Mutant("> ratio_of_key) | (positions == 0)", "> ratio_of_key)"),
    Mutant("angles = jnp.concatenate([angles, angles], axis=-1)", "angles = jnp.repeat(angles, 2, axis=-1)"),
    # parallel
    Mutant("len(text) > LONGEST_TEXT or", ""),
    Mutant("from_all(name, None if mistake is None else mistake.for_command())", "from_all(name, None)"),
    # report
    Mutant("""return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name""", "return name"),
    # runs
    Mutant("if role in at_the_start and sha256(path) !=", "if role == 'data' and sha256(path) !="),
    Mutant("[A-Za-z0-9][A-Za-z0-9_.-]{0,59}", "[A-Za-z0-9][A-Za-z0-9_./-]{0,59}"),
    # train
    Mutant("is_likeliest = (of_target >= largest)", "is_likeliest = (of_target > largest)"),
    Mutant("return loss_masks / jnp.maximum(supervised, 1.0) / loss_masks.shape[0]", "return loss_masks / 512"),
    Mutant("decay * m.astype(jnp.float32)", "m.astype(jnp.float32)"),
    Mutant("first = 0 if first_step_at_zero else 1", "first = 0"),
    Mutant("        scale_by_adam(beta1", "        optax.add_decayed_weights(weight_decay), scale_by_adam(beta1"),
    Mutant("right + float(sums[1]), tokens + float(sums[2])", "right + float(sums[1]) / float(sums[2]), tokens + 1"),
    Mutant("for step, metrics, ids in self.unchecked:", "for step, metrics, ids in self.unchecked[-1:]:"),
]  # fmt: skip
