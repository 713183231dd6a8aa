from latentfill.cli.main import main

main()
