using System.Runtime.Loader;
using Refinery.Contract;
using Refinery.Host.Plugins;
using static Refinery.Tests.Plugins.ForeignAssembly;

namespace Refinery.Tests.Plugins;

/// <summary>The loader takes what fits and keeps it apart from the host and from other plugins.</summary>
public sealed class PluginHostTests : IDisposable
{
    private readonly TemporaryFolder root = new();

    public void Dispose() => root.Dispose();

    [Fact]
    public void The_delivered_file_queue_is_found_and_has_a_world_of_its_own()
    {
        var plugin = new PluginHost(Paths.HostPlugins).LoadQueue("file", kafkaEnabled: false);

        Assert.Equal("file", plugin.Name);
        Assert.NotSame(AssemblyLoadContext.Default, AssemblyLoadContext.GetLoadContext(plugin.GetType().Assembly));
        Assert.Same(typeof(IQueuePlugin).Assembly, plugin.GetType().GetInterfaces().Single().Assembly);
    }

    [Fact]
    public void A_runner_is_loaded_by_its_name_and_ours_need_no_plugin()
    {
        Compile(root.File("runners/mine"), "Mine", RunnerSource("Mine", "mine"));
        var plugins = new PluginHost(root.Path);

        Assert.Equal("mine", plugins.LoadRunner("mine", ["process"])?.Name);
        Assert.Null(plugins.LoadRunner("process", ["process"]));
        Assert.Equal("kubernetes", new PluginHost(Paths.HostPlugins).LoadRunner("kubernetes", [])?.Name);
    }

    [Fact]
    public void A_copy_of_the_contract_in_the_folder_is_ignored()
    {
        Compile(root.File("mine"), "Mine", QueueSource("Mine", "\"mine\""));
        File.Copy(typeof(IQueuePlugin).Assembly.Location, root.File("mine/Refinery.Contract.dll"));

        Assert.Equal("mine", Load("mine").Name);
    }

    [Fact]
    public void A_private_package_is_not_mixed_up_with_the_hosts_of_the_same_name()
    {
        var package = Compile(root.File("99.0.0.0"), "Dapper", "public class Marker { }", version: "99.0.0.0");
        Compile(root.File("99.0.0.0"), "Mine", QueueSource("Mine", "typeof(Marker).Assembly.GetName().Version.ToString()"), references: package);

        Assert.Equal("99.0.0.0", Load("99.0.0.0").Name);
        Assert.NotEqual(new Version(99, 0, 0, 0), typeof(Dapper.SqlMapper).Assembly.GetName().Version);
    }

    [Fact]
    public void A_native_library_beside_the_plugin_is_found()
    {
        var native = Directory.GetFiles(AppContext.BaseDirectory, "libe_sqlite3.so", SearchOption.AllDirectories).First(file => file.Contains("linux-x64", StringComparison.Ordinal));
        Compile(root.File("native"), "Mine", """
            /// <summary>Calls the library that lies beside the plugin.</summary>
            public static class Native
            {
                [System.Runtime.InteropServices.DllImport("foreign_native")] static extern int sqlite3_libversion_number();
                public static string Name() => sqlite3_libversion_number() > 0 ? "native" : "none";
            }
            """ .Insert(0, QueueSource("Mine", "Native.Name()")));
        File.Copy(native, root.File("native/libforeign_native.so"));

        Assert.Equal("native", Load("native").Name);
    }

    [Fact]
    public void An_older_minor_version_of_the_contract_is_taken()
    {
        // Built for 2.0 today; every later 2.x offers it, too.
        var folder = root.File("mine");
        var plugin = Assert.Single(PluginAssembly.FindIn(CompiledFolder(folder), out _));

        Assert.Equal(typeof(IQueuePlugin).Assembly.GetName().Version, plugin.Contract);
        Assert.Equal("mine", Load("mine").Name);
    }

    [Fact]
    public void Several_handlers_may_share_a_folder_and_come_ordered_by_type()
    {
        Compile(root.File("handlers/many"), "Many", HandlerSource("B", "b") + HandlerSource("A", "a"));
        Compile(root.File("handlers/one"), "One", HandlerSource("C", "a.b:c-d_E9"));

        Assert.Equal(["a", "a.b:c-d_E9", "b"], new PluginHost(root.Path).LoadHandlers().Select(handler => handler.Type));
    }

    [Fact]
    public void No_handlers_folder_means_no_handlers()
    {
        Assert.Empty(new PluginHost(root.Path).LoadHandlers());
        Assert.Empty(new PluginHost(root.File("missing")).LoadHandlers());
    }

    [Fact]
    public void Only_the_named_folder_is_loaded()
    {
        CompiledFolder(root.File("mine"));
        Directory.CreateDirectory(root.File("broken"));
        File.WriteAllText(root.File("broken/Broken.dll"), "no assembly");

        Assert.Equal("mine", Load("mine").Name);
    }

    private static string CompiledFolder(string folder)
    {
        Compile(folder, "Mine", QueueSource("Mine", "\"mine\""));
        return folder;
    }

    private IQueuePlugin Load(string name) => new PluginHost(root.Path).LoadQueue(name, kafkaEnabled: false);
}
