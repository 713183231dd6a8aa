from latentfill.cli.main import main

if __name__ == "__main__":  # processes that are started for a part of the work import this module too
    main()
