"""Sections given in part: they keep the defaults of their place, not those of their class."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from storage.config import Config, Kind, stated


class Engine(Config):
    name: Literal["petrol", "electric"] = "petrol"
    power: float = 50.0
    cylinders: int = 4


class Wheel(Config):
    kind: Annotated[Literal["steel", "wood"], Kind()] = "steel"
    width: float = 1.0


class Round(Config):
    shape: Literal["round"] = "round"
    radius: float = 1.0


class Square(Config):
    shape: Literal["square"] = "square"
    radius: float = 2.0


class Car(Config):
    engine: Engine = Field(default_factory=lambda: Engine(power=90.0))
    wheel: Wheel = Wheel(width=3.0)
    window: Annotated[Round | Square, Field(discriminator="shape")] = Round(radius=5.0)
    spare: Engine | None = None


class Garage(Config):
    car: Car = Field(default_factory=lambda: Car(engine=Engine(power=120.0, cylinders=8)))


def test_what_is_not_given_is_the_places_default() -> None:
    assert Car.model_validate({"engine": {"name": "electric"}}).engine == Engine(name="electric", power=90.0)
    assert Car(engine={"cylinders": 2}).engine.power == 90.0
    assert Car.model_validate_json('{"engine": {}}').engine.power == 90.0


def test_what_is_given_wins_even_where_it_is_the_classs_own_default() -> None:
    assert Car.model_validate({"engine": {"power": 50.0}}).engine.power == 50.0


def test_a_whole_section_is_taken_as_it_is() -> None:
    assert Car(engine=Engine(name="electric")).engine.power == 50.0


def test_sections_in_sections() -> None:
    car = Garage.model_validate({"car": {"engine": {"cylinders": 6}}}).car
    assert car.engine == Engine(power=120.0, cylinders=6) and car.wheel.width == 3.0


def test_another_kind_takes_nothing_over() -> None:
    assert Car.model_validate({"wheel": {"kind": "steel"}}).wheel.width == 3.0
    assert Car.model_validate({"wheel": {"kind": "wood"}}).wheel.width == 1.0
    assert Car.model_validate({"window": {"shape": "round"}}).window == Round(radius=5.0)
    assert Car.model_validate({"window": {"shape": "square"}}).window == Square(radius=2.0)


def test_no_default_nothing_to_take_over() -> None:
    assert Car.model_validate({"spare": {"cylinders": 3}}).spare == Engine(cylinders=3)


def test_a_dumped_configuration_comes_back_as_it_was() -> None:
    car = Car(engine=Engine(name="electric"), wheel=Wheel(kind="wood"), window=Square())
    assert Car.model_validate(car.model_dump(mode="json")) == car


def test_faults_are_still_named_where_they_are() -> None:
    with pytest.raises(ValidationError) as caught:
        Garage.model_validate({"car": {"engine": {"powr": 1}}})
    assert caught.value.errors()[0]["loc"] == ("car", "engine", "powr")
    with pytest.raises(ValidationError):
        Garage.model_validate({"car": "red"})


class Red(Config):
    """One of two kinds with the same fields."""

    kind: Literal["red"] = "red"
    size: int = 1


class Blue(Config):
    """The other."""

    kind: Literal["blue"] = "blue"
    size: int = 1


class Box(Config):
    """What holds either, and several."""

    needed: int
    ball: Red | Blue = Field(default=Red(size=5), discriminator="kind")
    balls: tuple[Red | Blue, ...] = ()
    names: dict[str, int] = Field(default_factory=dict)


def test_what_is_stated_is_what_differs_from_the_defaults() -> None:
    assert stated(Box(needed=1)) == {"needed": 1}
    assert stated(Box(needed=1, ball=Red(size=5), balls=(), names={})) == {"needed": 1}
    assert stated(Box(needed=1, names={"a": 1})) == {"needed": 1, "names": {"a": 1}}


def test_configurations_that_differ_state_something_else() -> None:
    balls = (Red(), Red(size=5), Red(size=2), Blue(), Blue(size=5))
    said = [str(stated(Box(needed=1, ball=ball))) for ball in balls]
    said += [str(stated(Box(needed=1, balls=each))) for each in ((Red(),), (Blue(),), (Red(), Blue()), (Blue(), Red()))]
    assert len(set(said)) == len(said)
    assert stated(Box(needed=1, balls=(Red(), Blue(size=2)))) == {
        "needed": 1,
        "balls": [{"kind": "red"}, {"kind": "blue", "size": 2}],
    }


class Fleet(Car):
    price: float
    lorry: Car = Car(engine=Engine(cylinders=6))


def test_a_schema_says_the_defaults_of_each_place() -> None:
    """Of a section without a default a form shows, and sends, its class's: 50 and 4 here."""
    car = Garage.model_json_schema()["properties"]["car"]["default"]
    assert car["engine"] == {"name": "petrol", "power": 120.0, "cylinders": 8}
    assert car["window"] == {"shape": "round", "radius": 5.0}
    assert Garage(car=car) == Garage()


def test_a_schema_has_what_must_be_given_first_then_what_is_its_own() -> None:
    assert list(Fleet.model_json_schema()["properties"]) == ["price", "lorry", "engine", "wheel", "window", "spare"]
