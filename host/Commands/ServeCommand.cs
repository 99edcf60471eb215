using System.CommandLine;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Refinery.Host.Commands;

/// <summary>Serves the API, the page and the local worker until it is asked to stop.</summary>
internal static class ServeCommand
{
    private const string DefaultUrl = "http://127.0.0.1:8080";

    /// <summary>The verb for those who expect one; it is the same as none.</summary>
    public static Command Create()
    {
        var command = new Command("serve", "Serve API, page and local worker; the same as no verb.") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction((parse, cancellationToken) => Interruptible.RunAsync(stop => RunAsync(SettingWords.Read(parse.UnmatchedTokens, command.Name), stop), cancellationToken));
        return command;
    }

    public static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var isStarted = false;
        await using var app = RefineryApp.Build(args, builder =>
        {
            // What keeps it from starting is told in one sentence, not with a stack as well.
            builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => isStarted && level >= LogLevel.Warning);
            if (string.IsNullOrEmpty(builder.Configuration[WebHostDefaults.ServerUrlsKey]))
            {
                builder.WebHost.UseUrls(DefaultUrl);
            }
        });
        await RefineryApp.PrepareAsync(app, cancellationToken);
        await StartAsync(app, cancellationToken);
        isStarted = true;
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }

    private static async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or SocketException or FormatException)
        {
            throw new StartupException($"{fault.Message.TrimEnd('.')}; give another address by --urls or ASPNETCORE_URLS.", fault);
        }

        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        foreach (var address in addresses)
        {
            await Console.Out.WriteLineAsync($"Refinery is ready on {address}");
        }
    }
}
