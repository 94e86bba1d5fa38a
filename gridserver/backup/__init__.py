"""A whole installation in one file, and back: the database and the attachments.

The file is a ZIP archive (APPNOTE 6.3, ZIP64): `database.dump` in pg_dump's custom format, one
entry for each attachment below `attachments/`, and last `manifest.json`, without which the file is
not whole. What is not in it: the settings, the secrets shared with other agencies, the certificate
authority of ``serve --tls``. They are files and variables of the machine.
"""
