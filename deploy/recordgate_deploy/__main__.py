"""`python -m recordgate_deploy` is the command `recordgate`."""

from recordgate_deploy.main import main

main()
