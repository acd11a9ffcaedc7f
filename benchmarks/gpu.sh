#!/usr/bin/env bash
# Measures what there is on one GPU, in ten minutes at most: cuDNN's attention against the reference path, training at
# 1 B parameters and of as many layers of 7 B as fit, and answering at 1 B, each beside Hugging Face's LLaMA, as it is
# and compiled. Prints one table in Markdown, for docs/performance.md; exit status 1 where a part failed.
#
#   benchmarks/gpu.sh [--tiny] [--8b] [WHEELS_FOLDER]
#
# With --8b it measures instead, in ten minutes of their own, what one card makes of 8 B parameters (Llama 3.1's sizes,
# 4 rows of 2,048): LoRA, and full fine-tuning with the optimizers adamw-split and adamw-lean, each of as many layers as
# fit; with tokens a second, MFU, the peak of the memory beside what the compiler and `commit-llm plan` say, and a profile
# of one step.
#
# It needs Python 3.11 or later (PYTHON names another than python3) with jax (for CUDA), optax, torch and transformers,
# and pure-Python packages that such a machine may lack: jaxtyping, and wadler-lindig, which jaxtyping needs. On a
# machine with a network, fill a folder with them, and carry it over:
#
#   python3 -m pip download --dest WHEELS_FOLDER jaxtyping
#
# They are installed from there alone, without a network, for this run only. --8b needs neither torch nor transformers;
# what `plan` says is "unknown" where commit-llm's other libraries are missing. Where OUT is set, it is the folder that
# the table (gpu.md), the figures (gpu.jsonl), all that was said (gpu.log) and the profiles (profile-...) are written to.
#
# Each part is a process of its own, so that none takes another's memory; one that fails, or runs over its time, is told
# in a line, and the others go on. --tiny runs every part at tiny size on a CPU, to see that it starts; so does a machine
# without a GPU.
set -uo pipefail

tiny=no eight=no wheels=
for argument in "$@"; do
    case $argument in
    --tiny) tiny=yes ;;
    --8b) eight=yes ;;
    -*) echo "usage: benchmarks/gpu.sh [--tiny] [--8b] [WHEELS_FOLDER]" >&2 && exit 2 ;;
    *) wheels=$(realpath "$argument") ;; # both folders are named from where the caller is
    esac
done
out=${OUT:+$(realpath -m "$OUT")}
cd "$(dirname "$0")/.." || exit 2
python=${PYTHON:-python3}
budget=585 # seconds in all: a part has its own limit, and no more than is left
work=$(mktemp -d)
running=
trap 'rm -rf "$work"' EXIT
trap '[ -z "$running" ] || kill "$running"; exit 130' INT TERM # a part is in a process group of its own

if [ -n "$wheels" ]; then
    "$python" -m pip install --quiet --no-index --find-links "$wheels" --target "$work/site" jaxtyping || exit 2
fi
export PYTHONPATH="src:$work/site${PYTHONPATH:+:$PYTHONPATH}" HF_HUB_OFFLINE=1
export JAX_TRACEBACK_FILTERING=off # so that a traceback ends with what was wrong
needed="jaxtyping, optax"
[ "$eight" = yes ] || needed+=", torch, transformers"
if ! message=$("$python" -c "import $needed" 2>&1); then
    echo "$python lacks a package: ${message##*$'\n'}; what is needed stands at the head of benchmarks/gpu.sh" >&2
    exit 2
fi

part() { # name, seconds at most, a Python program and its flags
    local name=$1 limit=$2 began=$SECONDS status reason=
    shift 2
    [ "$tiny" = yes ] || limit=$((limit < budget - SECONDS ? limit : budget - SECONDS))
    if [ "$limit" -lt 1 ]; then
        status=0 reason="no time was left"
    else
        timeout --kill-after=5 "$limit" "$python" "$@" > "$work/$name.out" 2> "$work/$name.err" &
        running=$!
        wait "$running"
        status=$? running=
    fi
    case $status in
    0) ;;
    124 | 137) reason="ran over $limit s" ;;
    *) # what says that memory ran out stands above the last line
        reason=$(grep -m1 -iE "out of memory|RESOURCE_EXHAUSTED" "$work/$name.err" || tail -n1 "$work/$name.err")
        reason="failed (exit status $status): ${reason:0:200}"
        ;;
    esac
    printf '%s\t%s\n' "$name" "${reason//$'\t'/ }" >> "$work/parts.tsv"
    echo "$name: ${reason:-done} ($((SECONDS - began)) s)"
}

if [ "$tiny" = no ] && memory=$(nvidia-smi --query-gpu=memory.total --format=csv,noheader,nounits 2> /dev/null); then
    export JAX_PLATFORMS=cuda
    gib=$(awk 'NR == 1 { printf "%.1f", $1 / 1024 }' <<< "$memory")
else
    [ "$tiny" = yes ] || echo "no GPU here (nvidia-smi names none): every part at tiny size, on the CPU"
    tiny=yes
    export JAX_PLATFORMS=cpu CUDA_VISIBLE_DEVICES=
fi

ours() { # name, seconds at most, flags of benchmarks/train.py: ours alone, with a profile of a step
    part "$1" "$2" benchmarks/train.py "${@:3}" --alone ours --profile "$work/profile-$1"
}

if [ "$eight" = yes ]; then
    training=(--sizes 8B --rows 4 --sequence 2048 --steps 2 --rounds 3 --fit "${gib:-}")
    [ "$tiny" = no ] || training=(--sizes tiny --rows 2 --sequence 64 --steps 2 --rounds 1 --recompute)
    ours 8B-lora 150 "${training[@]}" --lora-r 16
    ours 8B-split 180 "${training[@]}" --optimizer adamw-split
    ours 8B-lean 180 "${training[@]}" --optimizer adamw-lean
    "$python" benchmarks/planned.py "$work" 2> "$work/planned.err" ||
        echo "plan's arithmetic is unknown here: $(tail -n1 "$work/planned.err")"
elif [ "$tiny" = no ]; then
    answering=(--sizes 1B --batch-size 16 --width 768 --new-tokens 128 --rounds 3)
    fitting=(--sizes 7B --fit "$gib" --steps 2 --rounds 3)
    part parity 75 benchmarks/parity.py
    part train-1B-ours 55 benchmarks/train.py --sizes 1B --alone ours
    part train-1B-eager 45 benchmarks/train.py --sizes 1B --alone eager
    part train-1B-compiled 95 benchmarks/train.py --sizes 1B --alone compiled
    part generate-1B-ours 45 benchmarks/generate.py "${answering[@]}" --alone ours
    part generate-1B-eager 45 benchmarks/generate.py "${answering[@]}" --alone eager
    part generate-1B-compiled 60 benchmarks/generate.py "${answering[@]}" --alone compiled
    part train-7B-ours 60 benchmarks/train.py "${fitting[@]}" --alone ours
    part train-7B-eager 45 benchmarks/train.py "${fitting[@]}" --alone eager
    part train-7B-compiled 200 benchmarks/train.py "${fitting[@]}" --alone compiled
else
    training=(--sizes tiny --rows 2 --sequence 64 --steps 2 --rounds 1)
    answering=(--sizes tiny --batch-size 2 --width 64 --new-tokens 8 --rounds 1)
    part parity 600 benchmarks/parity.py
    for contender in ours eager compiled; do
        part "train-$contender" 600 benchmarks/train.py "${training[@]}" --alone $contender
        part "generate-$contender" 600 benchmarks/generate.py "${answering[@]}" --alone $contender
        # One of its two layers, as a GPU holds some of 7B's.
        part "train-part-$contender" 600 benchmarks/train.py "${training[@]}" --recompute --fit 0.0025 --alone $contender
    done
fi

"$python" benchmarks/gpu_table.py "$work" > "$work/gpu.md"
status=$?
echo
cat "$work/gpu.md"
if [ -n "$out" ]; then
    mkdir -p "$out"
    cp "$work/gpu.md" "$out/gpu.md"
    grep -h '^{' "$work"/*.out > "$out/gpu.jsonl"
    tail -n +1 "$work"/*.out "$work"/*.err > "$out/gpu.log"
    for profile in "$work"/profile-*; do
        [ ! -d "$profile" ] || cp -r "$profile" "$out/"
    done
fi
exit $status
