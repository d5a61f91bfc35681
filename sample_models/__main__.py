"""``python -m sample_models``: see ``sample_models.retrain``."""

from sample_models.retrain import main

raise SystemExit(main())
