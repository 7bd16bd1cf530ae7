"""Several processes that serve as one gateway.

A supervisor binds the listeners, starts the workers, and starts those again that die.
Each worker is a whole gateway (:mod:`gateway.app`) but for the admin listener, which is
the supervisor's.  Between the two runs a pair of sockets that no other program can
reach:

* :mod:`.messages` is what they say, :mod:`.writing`, :mod:`.frames` and
  :mod:`.channel` how;
* :mod:`.hub` is the supervisor's end of what workers share, with :mod:`.turns` and
  :mod:`.acknowledgements` for its rules, and :mod:`.fellow_workers` the worker's;
* :mod:`.worker` is one process, :mod:`.place` starts one after the other, and
  :mod:`.supervisor` has all places; :mod:`.line_to_supervisor` is what a worker obeys;
* :mod:`.figures` adds up the metrics, :mod:`.dividing` shares out the limits,
  and :mod:`.readiness` says whether new requests may come.
"""
