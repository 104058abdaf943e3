"""The classifier: a stream processor that says what an inquiry is about, how urgent it is and in which language.

No database on its path: it reads ``inquiries.received`` and writes ``inquiries.classified``. A pipeline is an ordered
set of components (``components/``), its trained state a bundle on disk (``bundle``), made from the corpus (``train``).
"""
