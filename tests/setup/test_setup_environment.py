"""pip's settings are honoured by uv; the environment is made for the ROS 2 it stands on."""

from __future__ import annotations

from bootstrap.environment import names, pip_settings, uv_environment

PIP = """:env:.find-links='/wheels'
global.extra-index-url='https://one.example/simple https://two.example/simple'
global.find-links='/other'
global.cert='/certs.pem'
"""


def test_pip_settings_reach_uv() -> None:
    env = uv_environment(pip_settings(PIP), {"HOME": "/home/user"})
    assert env["UV_FIND_LINKS"] == "/wheels"
    assert env["UV_INDEX"] == "https://one.example/simple https://two.example/simple"
    assert env["SSL_CERT_FILE"] == "/certs.pem"
    assert env["HOME"] == "/home/user"


def test_uvs_own_variables_win() -> None:
    assert uv_environment(pip_settings(PIP), {"UV_FIND_LINKS": "/mine"})["UV_FIND_LINKS"] == "/mine"


def test_no_settings_add_nothing() -> None:
    assert uv_environment({}, {"A": "b"}) == {"A": "b"}


def test_names_of_a_lock() -> None:
    assert names("numpy==2.4.6\nros-rclpy==9.1.2\ntzdata==1 ; sys_platform == 'win32'\n") == {
        "numpy",
        "ros-rclpy",
        "tzdata",
    }
