"""What is derived from the rows of the rooms below, for people to read and to sign: the form of one
incident, an officer's day log (警务日志), a watch's handover (交接班), and workbooks of them."""
