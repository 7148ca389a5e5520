from glob import glob

from setuptools import find_packages, setup

name = "policy_node"
setup(
    name=name,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    package_data={name: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{name}"]),
        (f"share/{name}", ["package.xml"]),
        (f"share/{name}/checkpoints", sorted(glob("checkpoints/*"))),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    maintainer="bimanual maintainers",
    maintainer_email="maintainers@bimanual.example.org",
    description="Policies that learn from demonstrations: data sets, training, checkpoints, inference and serving.",
    license="Apache-2.0",
    entry_points={"console_scripts": ["policy_node = policy_node.node:main"]},
)
