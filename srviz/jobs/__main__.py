"""`python -m srviz.jobs`: the process that does jobs for a `LocalRunner`."""

from srviz.jobs.worker import work

if __name__ == "__main__":
    work()
