from latentfill.cli import main

main()
