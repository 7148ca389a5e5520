"""What all tests of policies share."""

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """Threads of a small network mostly wait for each other, on a busy machine for very long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
