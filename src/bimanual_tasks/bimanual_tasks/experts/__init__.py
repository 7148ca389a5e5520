"""Expert programs: modules with ``run(skills, world, task) -> SkillReport``, named as the task that they were made for;
other tasks name theirs as ``expert``."""
