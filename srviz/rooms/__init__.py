"""A class's rooms: a lecturer asks, visitors answer, and all see how many chose what. In memory, or in Redis."""

from srviz.rooms.base import Away, Look, Question, Refused, Rooms, is_code, is_member, member, tidy
from srviz.rooms.memory import InMemory

__all__ = ["Away", "InMemory", "Look", "Question", "Refused", "Rooms", "is_code", "is_member", "member", "tidy"]
