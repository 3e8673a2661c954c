"""The proof that every alert reaches somebody: the compiled configuration, walked with Alertmanager's own semantics.

`prove(workspace)` takes the configuration that is written for each environment, and for every alert each label set that
its matchers can tell apart (every listed value, any other, none), and holds what happens at every minute of the coverage
time against what the policies promise (`promise`), against who is on call then (`people`), and looks at every inhibit
rule for harm it could do (`silence`). The model and the tree are read by different rooms, so that a mistake in building
the tree is found like one in the policies. What it finds are `Break` and `Silence`, each with a witness; `findings` says
them as findings, and `claims` puts the whole into sentences.
"""

from watchbill.proof.proving import Configurations, Proof, prove

__all__ = ["Configurations", "Proof", "prove"]
