"""Stand-ins for services that cannot run here, as far as deploylog uses them, over real HTTP on loopback.

Written from the vendors' documentation; they know nothing of deploylog. For tests and the demo.
"""
