"""Which part of a step an operation of a profile belongs to, read of the program's text."""

from tests.benchmarks.test_gpu_script import benchmark

PROGRAM = """HloModule jit_step

FileNames
1 "/a/commit_llm/train/step.py"
2 "/a/commit_llm/model/row_attention.py"
3 "/b/optax/transforms/_adam.py"
4 "/b/jax/numpy.py"

FunctionNames
1 "step"

FileLocations
1 {file_name_id=1 function_name_id=1 line=5}
2 {file_name_id=2 function_name_id=1 line=5}
3 {file_name_id=3 function_name_id=1 line=5}
4 {file_name_id=4 function_name_id=1 line=5}

StackFrames
1 {file_location_id=1 parent_frame_id=1}
2 {file_location_id=2 parent_frame_id=2}
3 {file_location_id=4 parent_frame_id=3}
4 {file_location_id=3 parent_frame_id=2}

%region (a: f32[]) -> f32[] {
  %dot.1 = f32[2,2]{1,0} dot(%a, %b), metadata={op_name="jit(step)/dot_general" stack_frame_id=3}
  %fusion.2 = f32[2]{0} fusion(%a), kind=kLoop, metadata={op_name="jit(step)/exp" stack_frame_id=2}
  %ynn_fusion = f32[2]{0} fusion(%a), kind=kCustom, metadata={op_name="jit(step)/dot_general" stack_frame_id=2}
  %while.3 = (f32[2]{0}) while(%a), condition=%c, body=%d, metadata={op_name="jit(step)/while" stack_frame_id=2}
  ROOT %fusion.4 = f32[2]{0} fusion(%a), kind=kLoop, metadata={op_name="jit(step)/add" stack_frame_id=4}
}
"""


def test_parts_of_a_step():
    """By the innermost frame that is ours or of optax; what runs others is left out."""
    spent = [("dot.1", 3.0), ("ynn_fusion", 1.0), ("fusion.2", 0.5), ("while.3", 9.0), ("fusion.4", 0.25), ("x", 0.125)]
    assert benchmark("profile_parts").parts_of(spent, PROGRAM) == {
        "attention: products": 4.0,
        "attention: softmax and passes over the scores": 0.5,
        "optimizer and clipping": 0.25,
        "other: other": 0.125,
    }
