from setuptools import find_packages, setup

name = "bimanual_hardware"
setup(
    name=name,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    package_data={name: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{name}"]),
        (f"share/{name}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    maintainer="bimanual maintainers",
    maintainer_email="maintainers@bimanual.example.org",
    description="Robots and cameras that are no simulation: joint backends, the loopback robot, camera drivers.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "robot_driver = bimanual_hardware.robot.node:main",
            "realsense_camera = bimanual_hardware.camera.node:main",
        ]
    },
)
