"""Do the lessons' thresholds notice broken training? Each lesson is run with an optimiser that changes nothing.

Takes as long as the notebooks themselves, so it is a target of its own: make test-sabotage.
"""
import os

import nbclient
import nbformat
import pytest

import notebooks

SABOTAGE = """
import keras
from keras.src.optimizers.base_optimizer import BaseOptimizer

def change_nothing(self, grads, trainable_variables=None):
    self.build(trainable_variables or self._trainable_variables) if not self.built else None
    self.iterations.assign_add(1)

BaseOptimizer.apply = change_nothing
if hasattr(keras.optimizers.Optimizer, "stateless_apply"):  # the way that JAX takes
    def change_nothing_stateless(self, optimizer_variables, grads, trainable_variables):
        return trainable_variables, optimizer_variables
    keras.optimizers.Optimizer.stateless_apply = change_nothing_stateless
"""


TRAINED = [lesson for lesson in notebooks.lessons()
           if any(".fit(" in cell.source for cell in notebooks.code_cells(notebooks.read(lesson)))]


@pytest.mark.sabotage
@pytest.mark.parametrize("lesson", TRAINED)
def test_a_lesson_fails_when_its_training_does_nothing(lesson):
    notebook = notebooks.read(lesson)
    place = notebook.cells.index(notebooks.code_cells(notebook)[0]) + 1
    notebook.cells.insert(place, nbformat.v4.new_code_cell(SABOTAGE))
    client = nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3",
                                     resources={"metadata": {"path": str(notebooks.path_of(lesson).parent)}})
    with pytest.raises(nbclient.exceptions.CellExecutionError) as caught:
        client.execute(env=dict(os.environ))
    assert caught.value.ename == "AssertionError", f"failed for another reason: {caught.value.evalue}"
