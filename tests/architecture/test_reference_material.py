"""Under a tenth of the quick tests need the reference material, so that a clone without it is tested too."""

from tests.tiers import WHOLE_TIER, tier_of


def test_few_quick_tests_need_the_reference_material(request):
    """Look at the tests of this very run; of a part of the tier nothing is asked."""
    quick = [item for item in request.session.items if tier_of(item) == "quick"]
    if len(quick) >= WHOLE_TIER:
        shared = [item for item in quick if "shared" in getattr(item, "fixturenames", ())]
        assert len(shared) < len(quick) / 10, f"{len(shared)} of {len(quick)}: mark the widest tables slow"
