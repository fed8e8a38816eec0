"""Relief: a machine that grows hot or busy is given less to do, before it takes less by itself."""
