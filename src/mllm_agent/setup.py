from setuptools import find_packages, setup

name = "mllm_agent"
setup(
    name=name,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{name}"]),
        (f"share/{name}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    maintainer="bimanual maintainers",
    maintainer_email="maintainers@bimanual.example.org",
    description="A language model with eyes that plans skills of two arms, sees what came of them, and plans again.",
    license="Apache-2.0",
    entry_points={"console_scripts": ["agent = mllm_agent.node:main"]},
)
