"""What a person sees. In go records, launches and events; out come tables and lines."""
