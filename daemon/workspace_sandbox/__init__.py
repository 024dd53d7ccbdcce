"""A local Google Workspace: Drive, Sheets, Calendar and Gmail over HTTP, for demonstrations and tests.

It knows nothing of the programs that call it. Start with `server.py` (HTTP in, HTTP out), then `calls.py` (what one
call is), then the package of the API you are after (`drive`, `sheets`, `calendar`, `gmail`). The state is kept in
`workspace.py`.
"""
