using Rowmill.Cli;

using var interrupts = new Interrupts();
return await App.RunAsync(args, CliHost.ForProcess(interrupts));
