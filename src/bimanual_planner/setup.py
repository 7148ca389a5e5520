from setuptools import find_packages, setup

name = "bimanual_planner"
setup(
    name=name,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    package_data={name: ["moveit_config/templates/*.yaml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{name}"]),
        (f"share/{name}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    maintainer="bimanual maintainers",
    maintainer_email="maintainers@bimanual.example.org",
    description="Screw and sampling planners, timing, dual-arm coordination and the skills of two arms.",
    license="Apache-2.0",
    entry_points={"console_scripts": ["planner = bimanual_planner.node:main"]},
)
