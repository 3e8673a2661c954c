from watchbill.cli import main

main()
