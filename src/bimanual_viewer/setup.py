from setuptools import find_packages, setup

name = "bimanual_viewer"
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
    description="The live graph in a web page: robot, objects, cameras, plots, health and a stop button.",
    license="Apache-2.0",
    entry_points={"console_scripts": ["viewer = bimanual_viewer.node:main"]},
)
