from watchbill.cli import console

console()
