using Npgsql;
using Refinery.Contract;

namespace Refinery.Tests.Plugins;

/// <summary>Every form in which people write where a Postgres is comes to what its driver reads, and no fault shows a password.</summary>
public sealed class PostgresDsnTests
{
    [Theory]
    [InlineData("postgres://ada:secret@db.example:5433/books", "db.example", 5433, "ada", "secret", "books")]
    [InlineData("postgresql://db.example", "db.example", 5432, null, null, null)]
    [InlineData("POSTGRES://ada@db.example/books", "db.example", 5432, "ada", null, "books")]
    [InlineData("  postgres://ada@db.example/books\n", "db.example", 5432, "ada", null, "books")]
    [InlineData("postgres://ada:@db.example:/", "db.example", 5432, "ada", null, null)]
    [InlineData("postgres://ada:p%40ss%2Fw%3Ard%3F%25%20%3B%27%22@db.example/my%20books", "db.example", 5432, "ada", "p@ss/w:rd?% ;'\"", "my books")]
    [InlineData("postgres://ada:a@b=c;d@db.example/books", "db.example", 5432, "ada", "a@b=c;d", "books")]
    [InlineData("postgres://ada:1+1=100%@db.example/books", "db.example", 5432, "ada", "1+1=100%", "books")]
    [InlineData("postgres://ada:größe@db.example/books", "db.example", 5432, "ada", "größe", "books")]
    [InlineData("postgres://ada@[2001:db8::1]:5433/books", "2001:db8::1", 5433, "ada", null, "books")]
    [InlineData("postgres://ada@[::1]/books", "::1", 5432, "ada", null, "books")]
    [InlineData("postgres://one,two:5433/books", "one,two:5433", 5432, null, null, "books")]
    [InlineData("postgres://ada:secret@[::1]:5432,two:5433/books", "[::1]:5432,two:5433", 5432, "ada", "secret", "books")]
    [InlineData("postgres:///books?host=/var/run/postgresql&port=5433", "/var/run/postgresql", 5433, null, null, "books")]
    [InlineData("postgres://ada@/books?host=/cloudsql/project:region:books", "/cloudsql/project:region:books", 5432, "ada", null, "books")]
    [InlineData("postgres://%2Fvar%2Frun%2Fpostgresql/books", "/var/run/postgresql", 5432, null, null, "books")]
    [InlineData("postgres://one/books?user=ada&password=s%26t&dbname=others", "one", 5432, "ada", "s&t", "others")]
    [InlineData("host=db.example port=5433 user=ada password=secret dbname=books", "db.example", 5433, "ada", "secret", "books")]
    [InlineData("host=db.example\n  user = 'ada'\tpassword='a b=c;d' dbname=books", "db.example", 5432, "ada", "a b=c;d", "books")]
    [InlineData(@"password='it\'s; a \\' host=db.example", "db.example", 5432, null, @"it's; a \", null)]
    [InlineData(@"host=db.example password=a\ b;c dbname=''", "db.example", 5432, null, "a b;c", null)]
    [InlineData("host=db.example password=http://x dbname=books", "db.example", 5432, null, "http://x", "books")]
    [InlineData("host=::1 port=5433", "::1", 5433, null, null, null)]
    [InlineData("hostaddr=10.0.0.7 host=db.example", "db.example", 5432, null, null, null)]
    [InlineData("hostaddr=10.0.0.7", "10.0.0.7", 5432, null, null, null)]
    [InlineData("host=one,two port=5433,5434", "one:5433,two:5434", 5432, null, null, null)]
    [InlineData("host=one,::1 port=,5434", "one,[::1]:5434", 5432, null, null, null)]
    [InlineData("Host=db.example;Port=5433;Username=ada;Password='a b;c=d';Database=books", "db.example", 5433, "ada", "a b;c=d", "books")]
    [InlineData("Server = db.example ; User Id = ada ; Password = \"x;y\" ;", "db.example", 5432, "ada", "x;y", null)]
    [InlineData("Host=db.example", "db.example", 5432, null, null, null)]
    public void Each_form_names_the_same_place(string dsn, string host, int port, string? user, string? password, string? database)
    {
        var read = new NpgsqlConnectionStringBuilder(PostgresDsn.ToConnectionString(dsn));

        Assert.Equal((host, port, user, password, database), (read.Host, read.Port, read.Username, read.Password, read.Database));
        NpgsqlDataSource.Create(read).Dispose();
    }

    [Theory]
    [InlineData("disable", SslMode.Disable)]
    [InlineData("allow", SslMode.Allow)]
    [InlineData("prefer", SslMode.Prefer)]
    [InlineData("require", SslMode.Require)]
    [InlineData("verify-ca", SslMode.VerifyCA)]
    [InlineData("verify-full", SslMode.VerifyFull)]
    [InlineData("VERIFY-FULL", SslMode.VerifyFull)]
    public void Every_word_for_TLS_is_known_in_both_forms(string word, SslMode expected)
    {
        Assert.Equal(expected, new NpgsqlConnectionStringBuilder(PostgresDsn.ToConnectionString($"postgres://h/b?sslmode={word}")).SslMode);
        Assert.Equal(expected, new NpgsqlConnectionStringBuilder(PostgresDsn.ToConnectionString($"host=h sslmode={word}")).SslMode);
    }

    [Theory]
    [InlineData("any")]
    [InlineData("read-write")]
    [InlineData("read-only")]
    [InlineData("primary")]
    [InlineData("standby")]
    [InlineData("prefer-standby")]
    public void Every_word_for_the_kind_of_server_is_known(string word) =>
        Assert.Equal(word, new NpgsqlConnectionStringBuilder(PostgresDsn.ToConnectionString($"postgres://one,two/b?target_session_attrs={word}")).TargetSessionAttributes);

    [Fact]
    public void Every_parameter_of_both_worlds_reaches_the_driver()
    {
        var read = new NpgsqlConnectionStringBuilder(PostgresDsn.ToConnectionString(
            "postgres://h/b?application_name=my%20app&connect_timeout=7&options=-c%20geqo%3Doff&passfile=/p&sslrootcert=/r&sslcert=/c&sslkey=/k&sslpassword=s"
            + "&client_encoding=UTF8&channel_binding=require&gssencmode=disable&sslnegotiation=direct"));

        Assert.Equal(("my app", 7, "-c geqo=off", "/p"), (read.ApplicationName, read.Timeout, read.Options, read.Passfile));
        Assert.Equal(("/r", "/c", "/k", "s"), (read.RootCertificate, read.SslCertificate, read.SslKey, read.SslPassword));
        Assert.Equal(("UTF8", ChannelBinding.Require), (read.ClientEncoding, read.ChannelBinding));
        Assert.Equal((GssEncryptionMode.Disable, SslNegotiation.Direct), (read.GssEncryptionMode, read.SslNegotiation));
    }

    [Theory]
    [InlineData("postgres://h/b?ssl=true", SslMode.Require, null, 15)]
    [InlineData("postgres://h/b?sslmode=verify-full&sslrootcert=system", SslMode.VerifyFull, null, 15)]
    [InlineData("host=h connect_timeout=0", SslMode.Prefer, null, 0)]
    [InlineData("host=h connect_timeout=-1", SslMode.Prefer, null, 0)]
    [InlineData("host=h connect_timeout=86400", SslMode.Prefer, null, 1024)]
    public void What_the_driver_has_otherwise_is_translated(string dsn, SslMode mode, string? authorities, int seconds)
    {
        var read = new NpgsqlConnectionStringBuilder(PostgresDsn.ToConnectionString(dsn));

        Assert.Equal((mode, authorities, seconds), (read.SslMode, read.RootCertificate, read.Timeout));
    }

    [Theory]
    [InlineData("", "it is empty; postgres://user@host/database or host=… dbname=… is expected")]
    [InlineData("  ", "it is empty; postgres://user@host/database or host=… dbname=… is expected")]
    [InlineData("mysql://ada:hunter2@h/books", "its scheme is another; postgres:// or postgresql:// is expected")]
    [InlineData("jdbc:postgresql://h/books?password=hunter2", "its scheme is another; postgres:// or postgresql:// is expected")]
    [InlineData("ada:hunter2@h/books", "a word in it has no '='; postgres://user@host/database or host=… dbname=… is expected")]
    [InlineData("host=h password=hunter2 2hunter", "a word in it has no '='; postgres://user@host/database or host=… dbname=… is expected")]
    [InlineData("host=h password='hunter2", "a quote in it is not closed")]
    [InlineData("Host=h;hunter2", "it is no list of Keyword=value pairs with ';' between them")]
    [InlineData("Host=h;Password='hunter2;x", "it is no list of Keyword=value pairs with ';' between them")]
    [InlineData("postgres://ada:hunter2/x@h/books", "its port is no number from 1 to 65535; in a user or password ':' is written %3A, '/' %2F and '@' %40")]
    [InlineData("postgres://h:0/books", "its port is no number from 1 to 65535; in a user or password ':' is written %3A, '/' %2F and '@' %40")]
    [InlineData("host=h port=65536", "its port is no number from 1 to 65535; in a user or password ':' is written %3A, '/' %2F and '@' %40")]
    [InlineData("postgres://ada:1?hunter2@h/books", "a parameter after its '?' has no '='; in a user or password '?' is written %3F, '/' %2F and '@' %40")]
    [InlineData("postgres://h/books?sslmode=hunter2", "its sslmode is none of disable, allow, prefer, require, verify-ca, verify-full")]
    [InlineData("host=h target_session_attrs=hunter2", "its target_session_attrs is none of any, read-write, read-only, primary, standby, prefer-standby")]
    [InlineData("host=h connect_timeout=hunter2", "its connect_timeout is no whole number of seconds")]
    [InlineData("host=one,two port=1,2,3", "it has 3 ports for 2 hosts; one for all or one for each is expected")]
    public void Each_fault_is_told_without_the_text(string dsn, string expected)
    {
        var fault = Assert.Throws<FormatException>(() => PostgresDsn.ToConnectionString(dsn));

        Assert.Equal(expected, fault.Message);
        Assert.DoesNotContain("hunter2", fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://h/books?colour=red", "the parameter 'colour' in it is not known; host, hostaddr, port, ")]
    [InlineData("postgres://ada:1?hunter2=x@h/books", "a parameter in it is not known; host, hostaddr, port, ")]
    [InlineData("host=h password=my hunter2=1", "a parameter in it is not known; host, hostaddr, port, ")]
    public void An_unknown_parameter_is_named_where_it_is_surely_no_piece_of_a_password(string dsn, string expected)
    {
        var fault = Assert.Throws<FormatException>(() => PostgresDsn.ToConnectionString(dsn));

        Assert.StartsWith(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault.ToString(), StringComparison.Ordinal);
    }
}
