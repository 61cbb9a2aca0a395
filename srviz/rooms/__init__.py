"""A class's rooms: a lecturer asks, visitors answer, and all see how many chose what. In memory, or in Redis."""

from srviz.rooms.base import Away, Question, Refused, Rooms, RoomView, is_code, is_member, member, tidy
from srviz.rooms.memory import InMemory

__all__ = ["Away", "InMemory", "Question", "Refused", "RoomView", "Rooms", "is_code", "is_member", "member", "tidy"]
