"""The jobs of the lab; see `srviz.jobs`."""
