"""A plan in words, as `plan` prints it."""

from typing import TYPE_CHECKING

from commit_llm.cli.text.aligned import aligned

if TYPE_CHECKING:  # imports jax
    from commit_llm.train.plan.changes import Change
    from commit_llm.train.plan.planning import Plan


def plan_text(plan: "Plan") -> str:
    """Write a plan as lines: the machine, the memory of a device, the time, and what to change."""
    mesh = ", ".join(f"{name} {size}" for name, size in plan.mesh.items())
    where = "this machine" if plan.topology is None else plan.topology
    reasons = (plan.mesh_reason, plan.dtype_reason, plan.remat_reason)
    why_mesh, why_dtype, why_remat = (f" ({reason})" if reason else "" for reason in reasons)
    lines = [
        f"{where}: {plan.devices} x {plan.device_kind}, mesh {mesh}{why_mesh}",
        f"{plan.dtype} products{why_dtype}, attention {plan.attention}, remat {plan.remat}{why_remat}",
        "",
        *_memory(plan),
        "",
        *(f"note: {note}" for note in plan.notes),
        f"{plan.flops_a_token / 1e9:.4g} GFLOP a token, {plan.tokens_a_step:,} tokens a step, {plan.steps:,} steps",
    ]
    if plan.hours is None:
        lines.append(f"hours: not known; the table of devices has no {plan.device_kind}")
    else:
        lines.append(
            f"{plan.hours:.3g} hours at an MFU of {plan.mfu:g}, of {plan.devices} x {plan.peak:g} TFLOP/s "
            f"({plan.peak_dtype}, peak)"
        )
    if plan.changes:
        rows = aligned([("change (one at a time)", "GiB"), *((one.flags, f"{one.needed:.2f}") for one in plan.changes)])
        remarked = zip(rows, ["", *map(_remark, plan.changes)], strict=True)
        lines += [
            "",
            "needed by arithmetic, with these flags instead:",
            *(f"{row}  {said}".rstrip() for row, said in remarked),
        ]
    return "\n".join(lines)


def _remark(change: "Change") -> str:
    return "; ".join(part for part in ("" if change.fits else "too much", change.costs) if part)


def _memory(plan: "Plan") -> list[str]:
    rows = [
        ("memory a device", "GiB"),
        *[("frozen, in bfloat16", f"{plan.frozen:.2f}")] * (plan.frozen > 0),
        ("parameters", f"{plan.parameters:.2f}"),
        ("optimizer", f"{plan.optimizer:.2f}"),
        ("gradients", f"{plan.gradients:.2f}"),
        ("the rest", f"{plan.rest:.2f}"),
        (f"needed, by {'the compiler' if plan.by == 'compiler' else 'arithmetic'}", f"{plan.needed:.2f}"),
        ("available", "not known" if plan.there is None else f"{plan.there:.2f}"),
    ]
    lines = aligned(rows)
    if plan.there is None:
        return lines if plan.fits else [*lines, f"does not fit: {plan.compiler_message}"]
    left = plan.there - plan.needed
    if plan.fits:
        return [*lines, f"fits, with {left:.2f} GiB to spare"]
    if left >= 0:  # the arithmetic's figure: the compiler gave none
        return [*lines, f"does not fit: {plan.compiler_message}"]
    return [*lines, f"does not fit: {-left:.2f} GiB too much"]
