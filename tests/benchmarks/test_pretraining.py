"""The arms of the comparison differ in what they say they do."""

from __future__ import annotations

from pathlib import Path


def test_the_arms_share_everything_but_the_beginning() -> None:
    from pretraining import raccoon_config

    arms = [
        raccoon_config(40, 1, 12, donor, frozen) for donor, frozen in ((None, 0), (Path("run"), 0), (Path("run"), 4))
    ]
    assert [arm.model.init_from for arm in arms] == [None, "run", "run"]
    assert [arm.training.freeze and arm.training.freeze.epochs for arm in arms] == [None, None, 4]
    assert [arm.training.frozen_stages(arm.model) for arm in arms] == [0, 0, 5]
    assert arms[0].data == arms[1].data == arms[2].data
    assert arms[0].data.validation_share == 0.8


def test_labels_are_for_the_network_that_learns_with_them_alone() -> None:
    from pretraining import donor_config

    without, labelled = (
        donor_config({"autoencoder": {}}, 2, labelled=False),
        donor_config({"box": {}}, 2, labelled=True),
    )
    assert [entry.source.partition(":")[0] for entry in (*without.data.train, *without.data.validation)] == [
        "images"
    ] * 2
    assert labelled.data.train[0].source.endswith("data.yaml#train")
    assert without.model.backbone == labelled.model.backbone
