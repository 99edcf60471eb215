using Refinery.Host.Commands;

return await CommandLine.RunAsync(args);
